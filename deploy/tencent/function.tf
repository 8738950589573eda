# The provider uploads a package when its path changes, not when its content does. So the path holds the content's hash.

resource "local_file" "package" {
  source          = var.package
  filename        = "${path.module}/.package/${filesha256(var.package)}.zip"
  file_permission = "0600"
}

locals {
  secrets = length(var.phonekey_secrets) > 0 ? var.phonekey_secrets : [random_password.phonekey.result]

  callback_secrets = length(var.callback_secrets) > 0 ? var.callback_secrets : [random_password.callback.result]

  captcha_settings = var.captcha_app_id == "" ? {} : {
    CAPTCHA                    = "tencent"
    TENCENT_CAPTCHA_APP_ID     = var.captcha_app_id
    TENCENT_CAPTCHA_APP_SECRET = var.captcha_app_secret
  }

  template_settings = {
    for purpose, id in var.sms_template_ids : "TENCENT_SMS_TEMPLATE_ID_${upper(purpose)}" => id
  }

  # No TENCENT_SECRET_ID or _KEY: the functions sign with the temporary keys of their role.
  settings = merge(
    {
      NODE_ENV                     = "production"
      TENCENT_ROLE_HEADERS         = "true"
      PHONEKEY_SECRETS             = join(",", local.secrets)
      DATABASE_URL                 = local.mysql_url
      STATE_URL                    = local.state_url
      SMS_SENDER                   = "tencent"
      TENCENT_REGION               = var.sms_region
      TENCENT_SMS_SDK_APP_ID       = var.sms_sdk_app_id
      TENCENT_SMS_SIGN_NAME        = var.sms_sign_name
      TENCENT_SMS_TEMPLATE_ID      = var.sms_template_id
      TENCENT_SMS_CALLBACK_SECRETS = join(",", local.callback_secrets)
    },
    var.public_url == "" ? {} : { PUBLIC_URL = var.public_url },
    local.captcha_settings,
    local.template_settings,
    var.settings,
  )
}

resource "random_password" "phonekey" {
  length  = 64
  special = false
}

resource "random_password" "callback" {
  length  = 43
  special = false
}

# The same package with another handler, for what is to be done by a timer, which a web function cannot have.

resource "tencentcloud_scf_function" "maintenance" {
  name              = "${var.function_name}-maintenance"
  description       = "Phonekey, periodic work"
  func_type         = "Event"
  handler           = "maintenance.main_handler"
  runtime           = var.runtime
  zip_file          = local_file.package.filename
  mem_size          = 256
  timeout           = 300
  environment       = local.settings
  role              = tencentcloud_cam_role.function["maintenance"].name
  vpc_id            = tencentcloud_vpc.main.id
  subnet_id         = tencentcloud_subnet.functions.id
  enable_public_net = var.egress != "nat"
  enable_eip_config = var.egress == "fixed"
  cls_logset_id     = tencentcloud_cls_logset.main.id
  cls_topic_id      = tencentcloud_cls_topic.main.id
  tags              = var.tags

  depends_on = [
    tencentcloud_cam_role_policy_attachment.function,
    tencentcloud_mysql_privilege.phonekey,
    tencentcloud_redis_param.main,
  ]
}

# The database is brought up to date before the web function gets the code that needs it, whenever the package changes.

resource "tencentcloud_scf_sync_invoke_function" "migrate" {
  function_name = tencentcloud_scf_function.maintenance.name
  namespace     = "default"
  qualifier     = "$LATEST"
  event         = jsonencode({ action = "migrate" })

  lifecycle {
    replace_triggered_by = [local_file.package]
  }
}

resource "tencentcloud_scf_trigger" "timer" {
  function_name   = tencentcloud_scf_function.maintenance.name
  namespace       = "default"
  trigger_name    = "tick"
  type            = "timer"
  qualifier       = "$DEFAULT"
  trigger_desc    = var.maintenance_cron
  custom_argument = "tick"
  enable          = "OPEN"
}

resource "tencentcloud_scf_function" "web" {
  name              = var.function_name
  description       = "Phonekey, phone sign-in"
  func_type         = "HTTP"
  handler           = "scf_bootstrap"
  runtime           = var.runtime
  zip_file          = local_file.package.filename
  mem_size          = var.function_memory_mb
  timeout           = var.function_timeout_seconds
  environment       = local.settings
  role              = tencentcloud_cam_role.function["web"].name
  vpc_id            = tencentcloud_vpc.main.id
  subnet_id         = tencentcloud_subnet.functions.id
  enable_public_net = var.egress != "nat"
  enable_eip_config = var.egress == "fixed"
  cls_logset_id     = tencentcloud_cls_logset.main.id
  cls_topic_id      = tencentcloud_cls_topic.main.id
  tags              = var.tags

  instance_concurrency_config {
    dynamic_enabled = "FALSE"
    max_concurrency = var.function_concurrency
  }

  depends_on = [
    tencentcloud_cam_role_policy_attachment.function,
    tencentcloud_redis_param.main,
    tencentcloud_scf_sync_invoke_function.migrate,
  ]
}

# The way in from the web: HTTPS only, open to anybody, as a sign-in has to be. A name of its own is not allowed.

resource "tencentcloud_scf_trigger" "url" {
  function_name = tencentcloud_scf_function.web.name
  namespace     = "default"
  type          = var.trigger
  qualifier     = "$DEFAULT"
  enable        = "OPEN"

  trigger_desc = jsonencode({
    AuthType  = "NONE"
    NetConfig = { EnableIntranet = false, EnableExtranet = true }
  })
}

# The address that the cloud gave the trigger.

data "tencentcloud_scf_triggers" "web" {
  function_name = tencentcloud_scf_function.web.name
  namespace     = "default"

  depends_on = [tencentcloud_scf_trigger.url]
}
