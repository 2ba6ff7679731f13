import { gatewayContract } from './gateway.contract.ts'
import { memoryParts } from './testing/gateway.ts'

gatewayContract('memory', memoryParts)
