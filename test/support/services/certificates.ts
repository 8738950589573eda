import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority of the tests' own, and a certificate that it gave to `serverName`; in this folder. */
export function makeCertificates(folder: string, serverName: string): Certificates {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-subj",
    "/CN=Test authority",
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
  );
  openssl(
    "req",
    ...newKey,
    "-subj",
    `/CN=${serverName}`,
    "-keyout",
    file("server.key"),
    "-out",
    file("server.csr"),
  );
  writeFileSync(file("names"), `subjectAltName=DNS:${serverName}`);
  const signing = [
    "-CA",
    file("ca.pem"),
    "-CAkey",
    file("ca.key"),
    "-CAcreateserial",
    "-extfile",
    file("names"),
  ];
  openssl("x509", "-req", "-days", "2", "-in", file("server.csr"), ...signing, "-out", file("server.pem"));
  return { caFile: file("ca.pem"), certFile: file("server.pem"), keyFile: file("server.key") };
}
