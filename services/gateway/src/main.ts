import { runService } from '@parley/kit'
import { gatewayService } from './service.ts'

await runService(gatewayService, { env: process.env, argv: process.argv.slice(2) })
