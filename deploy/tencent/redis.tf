resource "tencentcloud_redis_instance" "main" {
  count              = var.redis_enabled ? 1 : 0
  name               = "${var.function_name} state"
  availability_zone  = var.availability_zone
  type_id            = var.redis_type
  mem_size           = var.redis_memory_mb
  redis_shard_num    = 1
  redis_replicas_num = 1
  port               = var.redis_port
  password           = random_password.redis.result
  vpc_id             = tencentcloud_vpc.main.id
  subnet_id          = tencentcloud_subnet.stores.id
  security_groups    = [tencentcloud_security_group.redis[0].id]
  charge_type        = "POSTPAID"
  tags               = var.tags
}

# A limit that is evicted is a limit that refills.

resource "tencentcloud_redis_param" "main" {
  count           = var.redis_enabled ? 1 : 0
  instance_id     = tencentcloud_redis_instance.main[0].id
  instance_params = { "maxmemory-policy" = "noeviction" }
}

# Redis takes 16 characters at most.

resource "random_password" "redis" {
  length      = 16
  special     = false
  min_lower   = 1
  min_upper   = 1
  min_numeric = 1
}

locals {
  state_url = !var.redis_enabled ? "database" : format(
    "redis://:%s@%s:%d",
    random_password.redis.result,
    tencentcloud_redis_instance.main[0].ip,
    var.redis_port,
  )
}
