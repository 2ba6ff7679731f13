import { runService } from '@parley/kit'
import { signalingService } from './service.ts'

await runService(signalingService, { env: process.env, argv: process.argv.slice(2) })
