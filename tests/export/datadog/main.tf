# made-by:aggregator; apply with `terraform init` and `terraform apply`, with DD_API_KEY and DD_APP_KEY set.
terraform {
  required_providers {
    datadog = { source = "DataDog/datadog" }
  }
}

resource "datadog_monitor_json" "monitor" {
  for_each = fileset(path.module, "monitors/*.json")
  monitor  = file("${path.module}/${each.value}")
}

resource "datadog_dashboard_json" "dashboard" {
  for_each  = fileset(path.module, "dashboards/*.json")
  dashboard = file("${path.module}/${each.value}")
}
