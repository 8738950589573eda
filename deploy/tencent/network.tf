resource "tencentcloud_vpc" "main" {
  name         = var.vpc_name
  cidr_block   = var.vpc_cidr
  is_multicast = false
  tags         = var.tags
}

resource "tencentcloud_subnet" "stores" {
  vpc_id            = tencentcloud_vpc.main.id
  name              = var.subnet_name
  cidr_block        = var.subnet_cidr
  availability_zone = var.availability_zone
  is_multicast      = false
  tags              = var.tags
}

resource "tencentcloud_subnet" "functions" {
  vpc_id            = tencentcloud_vpc.main.id
  name              = var.function_subnet_name
  cidr_block        = var.function_subnet_cidr
  availability_zone = var.availability_zone
  route_table_id    = tencentcloud_route_table.functions.id
  is_multicast      = false
  tags              = var.tags
}

resource "tencentcloud_route_table" "functions" {
  vpc_id = tencentcloud_vpc.main.id
  name   = var.function_subnet_name
  tags   = var.tags
}

# The stores' doors: open to the functions' subnet, each on its own port, and to nobody else. Functions have no
# security group of their own; their subnet stands for them.

resource "tencentcloud_security_group" "mysql" {
  name        = "${var.function_name}-mysql"
  description = "MySQL, from the functions only"
}

resource "tencentcloud_security_group_rule_set" "mysql" {
  security_group_id = tencentcloud_security_group.mysql.id

  ingress {
    action      = "ACCEPT"
    cidr_block  = var.function_subnet_cidr
    protocol    = "TCP"
    port        = tostring(var.mysql_port)
    description = "the functions"
  }

  # Answers pass: the rules are stateful.
  egress {
    action      = "DROP"
    cidr_block  = "0.0.0.0/0"
    protocol    = "ALL"
    port        = "ALL"
    description = "a database calls nobody"
  }
}

resource "tencentcloud_security_group" "redis" {
  count       = var.redis_enabled ? 1 : 0
  name        = "${var.function_name}-redis"
  description = "Redis, from the functions only"
}

resource "tencentcloud_security_group_rule_set" "redis" {
  count             = var.redis_enabled ? 1 : 0
  security_group_id = tencentcloud_security_group.redis[0].id

  ingress {
    action      = "ACCEPT"
    cidr_block  = var.function_subnet_cidr
    protocol    = "TCP"
    port        = tostring(var.redis_port)
    description = "the functions"
  }

  egress {
    action      = "DROP"
    cidr_block  = "0.0.0.0/0"
    protocol    = "ALL"
    port        = "ALL"
    description = "a store calls nobody"
  }
}

# The NAT gateway of the tutorial's reading list, for whoever wants the way out in their own hands.

resource "tencentcloud_eip" "nat" {
  count = var.egress == "nat" ? 1 : 0
  name  = "${var.function_name}-nat"
  tags  = var.tags
}

resource "tencentcloud_nat_gateway" "main" {
  count            = var.egress == "nat" ? 1 : 0
  name             = "${var.function_name}-nat"
  vpc_id           = tencentcloud_vpc.main.id
  assigned_eip_set = [tencentcloud_eip.nat[0].public_ip]
  tags             = var.tags
}

resource "tencentcloud_route_table_entry" "internet" {
  count                  = var.egress == "nat" ? 1 : 0
  route_table_id         = tencentcloud_route_table.functions.id
  destination_cidr_block = "0.0.0.0/0"
  next_type              = "NAT"
  next_hub               = tencentcloud_nat_gateway.main[0].id
  description            = "everything outside the VPC"
}
