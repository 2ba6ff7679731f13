import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A private authority, and a certificate of this machine that it signed: PEM files. */
export interface Certificates {
  /** The certificate of the authority, for clients that are to trust it. */
  ca: string
  cert: string
  key: string
  remove(): void
}

/** Makes them for `localhost` and 127.0.0.1, in a temporary folder that every user of this machine may read. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'parley-certificates-'))
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority', '-days', '2')
  openssl('req', ...ec, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1')
  const signed = ['-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  openssl('x509', '-req', ...signed, '-out', 'server.pem', '-days', '2')
  chmodSync(folder, 0o755)
  // Some servers do not run as the user of the tests.
  chmodSync(file('server.key'), 0o644)
  return {
    ca: file('ca.pem'),
    cert: file('server.pem'),
    key: file('server.key'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
