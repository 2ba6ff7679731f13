import { runService } from '@parley/kit'
import { authService } from './service.ts'

await runService(authService, { env: process.env, argv: process.argv.slice(2) })
