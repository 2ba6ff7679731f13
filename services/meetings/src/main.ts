import { runService } from '@parley/kit'
import { meetingsService } from './service.ts'

await runService(meetingsService, { env: process.env, argv: process.argv.slice(2) })
