import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const S3rver = require('s3rver')
const { DUMMY_ACCOUNT } = require('s3rver/lib/models/account')

DUMMY_ACCOUNT.createKeyPair(process.env.MINIO_ROOT_USER, process.env.MINIO_ROOT_PASSWORD)
// The name of its host is no bucket.
const options = { address: '0.0.0.0', port: 9000, directory: '/data', silent: true, vhostBuckets: false }
await new S3rver({ ...options, configureBuckets: [{ name: 'parley' }] }).run()
process.on('SIGTERM', () => process.exit(0))
