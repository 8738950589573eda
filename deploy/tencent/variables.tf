# The tutorial's tables (steps 3 to 5), a variable a row. A default that is not the tutorial's says why.

# Step 3: the network

variable "region" {
  description = "Region of everything, South China (Guangzhou) in the tutorial."
  type        = string
  default     = "ap-guangzhou"
}

variable "vpc_name" {
  description = "Name of the VPC."
  type        = string
  default     = "Demo VPC"
}

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. It cannot be changed later."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr))
    error_message = "Write an IPv4 range such as 10.0.0.0/16."
  }
}

variable "subnet_name" {
  description = "Name of the subnet of MySQL and Redis."
  type        = string
  default     = "Demo subnet"
}

variable "subnet_cidr" {
  description = "IPv4 range of that subnet. The tutorial gives it the whole VPC, which leaves no room for a second one; here it is the first of 256."
  type        = string
  default     = "10.0.0.0/24"
}

variable "availability_zone" {
  description = "Zone of the subnet and of the MySQL master, Guangzhou Zone 3 in the tutorial."
  type        = string
  default     = "ap-guangzhou-3"
}

variable "function_subnet_name" {
  description = "Name of the subnet of the functions. The tutorial has none; with one, the stores can let in the functions and nothing else."
  type        = string
  default     = "Demo functions"
}

variable "function_subnet_cidr" {
  description = "IPv4 range of the functions' subnet."
  type        = string
  default     = "10.0.1.0/24"
}

# Step 4: MySQL

variable "mysql_charge_type" {
  description = "Billing of MySQL: POSTPAID (pay-as-you-go) or PREPAID."
  type        = string
  default     = "POSTPAID"

  validation {
    condition     = contains(["POSTPAID", "PREPAID"], var.mysql_charge_type)
    error_message = "It is POSTPAID or PREPAID."
  }
}

variable "mysql_version" {
  description = "Version of MySQL. The tutorial's 5.7 works as well, but its maker ended its support in October 2023."
  type        = string
  default     = "8.0"

  validation {
    condition     = contains(["5.7", "8.0"], var.mysql_version)
    error_message = "It is 5.7 or 8.0."
  }
}

variable "mysql_device_type" {
  description = "Architecture of MySQL: UNIVERSAL and EXCLUSIVE have a slave (High-Availability Edition), BASIC_V2 has none."
  type        = string
  default     = "UNIVERSAL"

  validation {
    condition     = contains(["UNIVERSAL", "EXCLUSIVE", "BASIC_V2"], var.mysql_device_type)
    error_message = "It is UNIVERSAL, EXCLUSIVE or BASIC_V2."
  }
}

variable "mysql_slave_zone" {
  description = "Zone of the MySQL slave, Guangzhou Zone 4 in the tutorial."
  type        = string
  default     = "ap-guangzhou-4"
}

variable "mysql_cpu" {
  description = "Cores of the MySQL instance."
  type        = number
  default     = 4
}

variable "mysql_memory_mb" {
  description = "Memory of the MySQL instance, MB."
  type        = number
  default     = 8000
}

variable "mysql_disk_gb" {
  description = "Disk of the MySQL instance, GB."
  type        = number
  default     = 200
}

variable "mysql_name" {
  description = "Name of the MySQL instance."
  type        = string
  default     = "Demo database"
}

variable "mysql_count" {
  description = "How many MySQL instances: the tutorial buys one, and none is for a server of your own, named in database_url."
  type        = number
  default     = 1

  validation {
    condition     = contains([0, 1], var.mysql_count)
    error_message = "It is 1, or 0 with database_url."
  }
}

variable "mysql_charset" {
  description = "Character set of MySQL. The tutorial's UTF-8 is MySQL's utf8mb4; MySQL's own utf8 loses characters beyond the first plane."
  type        = string
  default     = "utf8mb4"
}

variable "mysql_table_names_case_sensitive" {
  description = "Whether table names keep their case. MySQL 8.0 takes this at creation only."
  type        = bool
  default     = true
}

variable "mysql_port" {
  description = "Port of MySQL."
  type        = number
  default     = 3306
}

variable "mysql_root_password" {
  description = "Password of MySQL's root, which nothing uses after the set-up. Empty: one is made."
  type        = string
  default     = ""
  sensitive   = true
}

# Step 5: the function

variable "function_name" {
  description = "Name of the web function; the maintenance function's has `-maintenance` behind it."
  type        = string
  default     = "Demo"
}

variable "runtime" {
  description = "Runtime of the functions. The tutorial's Node.js 8.9 is being switched off; this is the newest that SCF documents."
  type        = string
  default     = "Nodejs20.19"
}

variable "package" {
  description = "The package of the functions, made by `npm run build:scf`, in place of the tutorial's template function helloworld."
  type        = string
  default     = "../../dist/phonekey-scf.zip"
}

variable "trigger" {
  description = "What calls the function over the web. The tutorial's API Gateway trigger was shut down in 2026; a Function URL (http) takes its place."
  type        = string
  default     = "http"

  validation {
    condition     = var.trigger == "http"
    error_message = "Only a Function URL (http) is left: the API Gateway trigger was shut down in 2026."
  }
}

# Step 6: the way out, the tutorial's "Public Network Access"

variable "egress" {
  description = "How functions reach the Internet: public (any address of the cloud), fixed (one that stays, for allowlists), or nat (a NAT gateway of your own, billed by the hour)."
  type        = string
  default     = "public"

  validation {
    condition     = contains(["public", "fixed", "nat"], var.egress)
    error_message = "It is public, fixed or nat."
  }
}

# Beyond the tutorial

variable "function_memory_mb" {
  description = "Memory of an instance of the web function, MB."
  type        = number
  default     = 512
}

variable "function_timeout_seconds" {
  description = "The longest that one request may take. The platform cuts off what takes longer, before Phonekey says why."
  type        = number
  default     = 30
}

variable "function_concurrency" {
  description = "How many requests an instance of the web function serves at once."
  type        = number
  default     = 20
}

variable "maintenance_cron" {
  description = "When the maintenance function works: seven fields, seconds first."
  type        = string
  default     = "0 */5 * * * * *"
}

variable "log_retention_days" {
  description = "How long logs are kept, days."
  type        = number
  default     = 30
}

variable "database_url" {
  description = "A database of your own instead of a MySQL instance made here, with mysql_count = 0."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = var.database_url == "" || startswith(var.database_url, "mysql://")
    error_message = "Write mysql://user:password@host/name."
  }
}

variable "redis_enabled" {
  description = "Whether verifications and limits are kept in Redis. Without it they are in MySQL, which is enough for some dozens of sign-ins a second."
  type        = bool
  default     = false
}

variable "redis_type" {
  description = "What Redis: 15 is 6.2, 17 is 7.0, 19 is Valkey 8.0, each with one master."
  type        = number
  default     = 17
}

variable "redis_memory_mb" {
  description = "Memory of Redis, MB."
  type        = number
  default     = 1024
}

variable "redis_port" {
  description = "Port of Redis."
  type        = number
  default     = 6379
}

variable "phonekey_secrets" {
  description = "PHONEKEY_SECRETS, the current one first. Empty: one is made. To rotate, write a new one and behind it the present one, as the functions' environment has it, and run `phonekey keys rotate` (docs/scf.md says where)."
  type        = list(string)
  default     = []
  sensitive   = true
}

variable "callback_secrets" {
  description = "TENCENT_SMS_CALLBACK_SECRETS, the current one first. Empty: one is made. To rotate, write a new one and behind it the present one, as the functions' environment has it, change the addresses in the console, then take the old one away."
  type        = list(string)
  default     = []
  sensitive   = true
}

variable "public_url" {
  description = "Your own domain in front of the function, such as https://id.example.com. Empty: links are made of the Function URL. Requests on a custom domain bring no keys of the role: give TENCENT_SECRET_ID and TENCENT_SECRET_KEY in settings."
  type        = string
  default     = ""
}

variable "sms_region" {
  description = "Region of the SMS API. It is served in fewer regions than functions are, so it is not that of the rest."
  type        = string
  default     = "ap-guangzhou"
}

variable "sms_sdk_app_id" {
  description = "SDKAppID of the SMS application."
  type        = string
}

variable "sms_sign_name" {
  description = "Text of the approved signature, without brackets."
  type        = string
}

variable "sms_template_id" {
  description = "Id of the approved body template for sign-in, and for every purpose without one of its own."
  type        = string
}

variable "sms_template_ids" {
  description = "Ids of body templates of single purposes, such as { reset_password = \"1110002\" }."
  type        = map(string)
  default     = {}
}

variable "captcha_app_id" {
  description = "CaptchaAppId of Tencent Captcha. Empty: no captcha of theirs."
  type        = string
  default     = ""
}

variable "captcha_app_secret" {
  description = "AppSecretKey of that CaptchaAppId."
  type        = string
  default     = ""
  sensitive   = true
}

variable "settings" {
  description = "Any other setting of Phonekey, such as { BRAND_NAME = \"Example\" }; docs/configuration.md lists them. They win over what this module sets."
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
  default     = { application = "phonekey" }
}
