/** One row of a table of the tutorial, and its place in the module. */
export interface TutorialRow {
  readonly step: number;
  readonly parameter: string;
  readonly sample: string;
  /** The variable of the module. */
  readonly variable: string;
  readonly default: unknown;
  /** Where its value goes: `type.name` and the argument, or the provider's. */
  readonly goesTo: readonly [address: string, argument: string];
  /** Set if the default is not the tutorial's: words in the variable's description that say so. */
  readonly deviates?: string;
}

const MYSQL = "tencentcloud_mysql_instance.main";

/** The tables of steps 3 to 5. Those of step 1 belong to the command line: see `phonekey tencent setup`. */
export const TUTORIAL: readonly TutorialRow[] = [
  row(3, "Region", "South China (Guangzhou)", "region", "ap-guangzhou", ["provider.tencentcloud", "region"]),
  row(3, "Name", "Demo VPC", "vpc_name", "Demo VPC", ["tencentcloud_vpc.main", "name"]),
  row(3, "IPv4 CIDR", "10.0.0.0/16", "vpc_cidr", "10.0.0.0/16", ["tencentcloud_vpc.main", "cidr_block"]),
  row(3, "Subnet name", "Demo subnet", "subnet_name", "Demo subnet", ["tencentcloud_subnet.stores", "name"]),
  {
    ...row(3, "IPv4 CIDR (subnet)", "10.0.0.0/16", "subnet_cidr", "10.0.0.0/24", [
      "tencentcloud_subnet.stores",
      "cidr_block",
    ]),
    deviates: "the whole VPC",
  },
  row(3, "AZ", "Guangzhou Zone 3", "availability_zone", "ap-guangzhou-3", [
    "tencentcloud_subnet.stores",
    "availability_zone",
  ]),

  row(4, "Billing mode", "Pay-as-you-go", "mysql_charge_type", "POSTPAID", [MYSQL, "charge_type"]),
  row(4, "Region", "Guangzhou", "region", "ap-guangzhou", ["provider.tencentcloud", "region"]),
  {
    ...row(4, "Database version", "MySQL 5.7", "mysql_version", "8.0", [MYSQL, "engine_version"]),
    deviates: "The tutorial's 5.7",
  },
  row(4, "Architecture", "High-Availability Edition", "mysql_device_type", "UNIVERSAL", [
    MYSQL,
    "device_type",
  ]),
  row(4, "Master AZ", "Guangzhou Zone 3", "availability_zone", "ap-guangzhou-3", [
    MYSQL,
    "availability_zone",
  ]),
  row(4, "Slave AZ", "Guangzhou Zone 4", "mysql_slave_zone", "ap-guangzhou-4", [MYSQL, "first_slave_zone"]),
  row(4, "Instance specification", "4-core", "mysql_cpu", 4, [MYSQL, "cpu"]),
  row(4, "Instance specification", "8,000 MB MEM", "mysql_memory_mb", 8000, [MYSQL, "mem_size"]),
  row(4, "Disk", "200 GB", "mysql_disk_gb", 200, [MYSQL, "volume_size"]),
  row(4, "Network", "Demo VPC", "vpc_name", "Demo VPC", ["tencentcloud_vpc.main", "name"]),
  row(4, "Network", "demo subnet", "subnet_name", "Demo subnet", ["tencentcloud_subnet.stores", "name"]),
  row(4, "Instance name", "Demo database", "mysql_name", "Demo database", [MYSQL, "instance_name"]),
  row(4, "Purchase quantity", "1", "mysql_count", 1, [MYSQL, "count"]),
  {
    ...row(4, "Supported character set", "UTF-8", "mysql_charset", "utf8mb4", [MYSQL, "parameters"]),
    deviates: "The tutorial's UTF-8",
  },
  row(4, "Table name case sensitivity", "Yes", "mysql_table_names_case_sensitive", true, [
    MYSQL,
    "parameters",
  ]),
  row(4, "Custom port", "3306", "mysql_port", 3306, [MYSQL, "intranet_port"]),
  row(4, "Root account and password", "Set as needed", "mysql_root_password", "", [MYSQL, "root_password"]),
  row(4, "Confirm password", "Enter the password again", "mysql_root_password", "", [MYSQL, "root_password"]),

  row(5, "Function name", "Demo", "function_name", "Demo", ["tencentcloud_scf_function.web", "name"]),
  {
    ...row(5, "Runtime environment", "Node.js 8.9", "runtime", "Nodejs20.19", [
      "tencentcloud_scf_function.web",
      "runtime",
    ]),
    deviates: "The tutorial's Node.js 8.9",
  },
  {
    ...row(5, "Creation method", "Template function: helloworld", "package", "../../dist/phonekey-scf.zip", [
      "local_file.package",
      "source",
    ]),
    deviates: "the tutorial's template function",
  },
  {
    ...row(5, "Trigger", "API Gateway Trigger", "trigger", "http", ["tencentcloud_scf_trigger.url", "type"]),
    deviates: "API Gateway trigger was shut down",
  },
];

function row(
  step: number,
  parameter: string,
  sample: string,
  variable: string,
  fallback: unknown,
  goesTo: TutorialRow["goesTo"],
): TutorialRow {
  return { step, parameter, sample, variable, default: fallback, goesTo };
}
