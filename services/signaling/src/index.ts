export { signalingService } from './service.ts'
