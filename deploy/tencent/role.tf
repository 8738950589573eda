# What code in the functions may do in the cloud, and nothing else. Writing logs is not among it: SCF does that itself,
# by its service role SCF_QcsRole. The SMS API knows no narrower resource than *.

locals {
  functions = {
    web = {
      name    = var.function_name
      actions = ["sms:SendSms", "captcha:DescribeCaptchaResult"]
    }
    maintenance = {
      name = "${var.function_name}-maintenance"
      # It sends, too: notices that are due. Its doctor asks whether Captcha takes our keys.
      actions = [
        "sms:SendSms",
        "sms:PullSmsSendStatusByPhoneNumber",
        "sms:DescribeSmsSignList",
        "sms:DescribeSmsTemplateList",
        "sms:SmsPackagesStatistics",
        "sms:SendStatusStatistics",
        "captcha:DescribeCaptchaResult",
      ]
    }
  }
}

resource "tencentcloud_cam_role" "function" {
  for_each    = local.functions
  name        = "phonekey-${each.value.name}"
  description = "Phonekey, the function ${each.value.name}"
  tags        = var.tags

  document = jsonencode({
    version = "2.0"
    statement = [{
      action    = ["name/sts:AssumeRole"]
      effect    = "allow"
      principal = { service = ["scf.qcloud.com"] }
    }]
  })
}

resource "tencentcloud_cam_policy" "function" {
  for_each    = local.functions
  name        = "phonekey-${each.value.name}"
  description = "Phonekey, the function ${each.value.name}"

  document = jsonencode({
    version = "2.0"
    statement = [{
      action   = [for action in each.value.actions : "name/${action}"]
      effect   = "allow"
      resource = ["*"]
    }]
  })
}

resource "tencentcloud_cam_role_policy_attachment" "function" {
  for_each  = local.functions
  role_id   = tencentcloud_cam_role.function[each.key].id
  policy_id = tencentcloud_cam_policy.function[each.key].id
}
