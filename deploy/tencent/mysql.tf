resource "tencentcloud_mysql_instance" "main" {
  count             = var.mysql_count
  instance_name     = var.mysql_name
  charge_type       = var.mysql_charge_type
  engine_version    = var.mysql_version
  cpu               = var.mysql_cpu
  mem_size          = var.mysql_memory_mb
  volume_size       = var.mysql_disk_gb
  availability_zone = var.availability_zone
  device_type       = var.mysql_device_type
  slave_deploy_mode = var.mysql_slave_zone == var.availability_zone ? 0 : 1
  first_slave_zone  = var.mysql_slave_zone
  # Semi-synchronous: what was acknowledged is on both machines when the master dies.
  slave_sync_mode  = 1
  internet_service = 0
  intranet_port    = var.mysql_port
  root_password    = local.mysql_root_password
  vpc_id           = tencentcloud_vpc.main.id
  subnet_id        = tencentcloud_subnet.stores.id
  security_groups  = [tencentcloud_security_group.mysql.id]
  tags             = var.tags

  parameters = {
    character_set_server   = var.mysql_charset
    lower_case_table_names = var.mysql_table_names_case_sensitive ? "0" : "1"
  }

  timeouts {
    create = "30m"
    delete = "30m"
  }
}

resource "tencentcloud_mysql_database" "phonekey" {
  count              = var.mysql_count
  instance_id        = tencentcloud_mysql_instance.main[0].id
  db_name            = local.mysql_database
  character_set_name = var.mysql_charset
}

# The functions sign in as this account, never as root.

resource "tencentcloud_mysql_account" "phonekey" {
  count       = var.mysql_count
  mysql_id    = tencentcloud_mysql_instance.main[0].id
  name        = local.mysql_user
  password    = random_password.mysql.result
  description = "Phonekey"
}

resource "tencentcloud_mysql_privilege" "phonekey" {
  count        = var.mysql_count
  mysql_id     = tencentcloud_mysql_instance.main[0].id
  account_name = tencentcloud_mysql_account.phonekey[0].name
  global       = []

  database {
    database_name = tencentcloud_mysql_database.phonekey[0].db_name
    privileges    = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "DROP"]
  }
}

# Letters, digits, - and _ mean themselves in a URL.

resource "random_password" "mysql" {
  length           = 32
  override_special = "-_"
  min_lower        = 1
  min_upper        = 1
  min_numeric      = 1
  min_special      = 1
}

resource "random_password" "mysql_root" {
  length           = 32
  override_special = "-_"
  min_lower        = 1
  min_upper        = 1
  min_numeric      = 1
  min_special      = 1
}

locals {
  mysql_database      = "phonekey"
  mysql_user          = "phonekey"
  mysql_root_password = var.mysql_root_password != "" ? var.mysql_root_password : random_password.mysql_root.result

  mysql_url = var.mysql_count == 0 ? var.database_url : format(
    "mysql://%s:%s@%s:%d/%s",
    local.mysql_user,
    random_password.mysql.result,
    tencentcloud_mysql_instance.main[0].intranet_ip,
    var.mysql_port,
    local.mysql_database,
  )
}
