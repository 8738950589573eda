resource "tencentcloud_cls_logset" "main" {
  logset_name = "phonekey-${var.function_name}"
  tags        = var.tags
}

resource "tencentcloud_cls_topic" "main" {
  logset_id    = tencentcloud_cls_logset.main.id
  topic_name   = "phonekey-${var.function_name}"
  period       = var.log_retention_days
  storage_type = "hot"
  tags         = var.tags
}

# Without an index nothing can be looked for.

resource "tencentcloud_cls_index" "main" {
  topic_id = tencentcloud_cls_topic.main.id
  status   = true

  rule {
    full_text {
      case_sensitive = false
      contain_z_h    = true
      tokenizer      = "@&?|#()='\",;:<>[]{}/ \n\t\r\\"
    }

    dynamic_index {
      status = true
    }
  }
}
