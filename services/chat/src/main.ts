import { runService } from '@parley/kit'
import { chatService } from './service.ts'

await runService(chatService, { env: process.env, argv: process.argv.slice(2) })
