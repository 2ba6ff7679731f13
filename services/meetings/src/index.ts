export { meetingsService } from './service.ts'
