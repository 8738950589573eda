locals {
  # Empty where the cloud does not tell it; then the console does.
  function_url = try(trimsuffix(one([
    for trigger in data.tencentcloud_scf_triggers.web.triggers :
    jsondecode(trigger.trigger_desc).NetConfig.ExtranetUrl if trigger.type == "http"
  ]), "/"), "")
  address = var.public_url != "" ? trimsuffix(var.public_url, "/") : local.function_url
}

output "url" {
  description = "Where people sign in, and where clients of the functions API and of the native API call."
  value       = local.address
}

output "status_callback_url" {
  description = "What to enter in the SMS console as the callback of delivery reports. Whoever knows it can forge reports."
  value       = "${local.address}/callbacks/tencent/${local.callback_secrets[0]}/status"
  sensitive   = true
}

output "reply_callback_url" {
  description = "The same for replies."
  value       = "${local.address}/callbacks/tencent/${local.callback_secrets[0]}/reply"
  sensitive   = true
}

output "mysql_address" {
  description = "Where MySQL listens inside the VPC."
  value       = one(tencentcloud_mysql_instance.main[*].intranet_ip)
}

output "egress_addresses" {
  description = "The addresses from which the functions call, where they are fixed: for the SMS application's IP allowlist."
  value = var.egress == "nat" ? tencentcloud_eip.nat[*].public_ip : (
    var.egress == "fixed" ? distinct(concat(
      tencentcloud_scf_function.web.eips,
      tencentcloud_scf_function.maintenance.eips,
    )) : []
  )
}

output "log_topic" {
  description = "Id of the log topic."
  value       = tencentcloud_cls_topic.main.id
}
