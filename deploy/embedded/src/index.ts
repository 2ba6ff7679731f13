export { definitions, runEmbedded } from './embedded.ts'
export { defaultsFor } from './defaults.ts'
export { parseOptions } from './options.ts'
export { demoAccount, seed } from './seed.ts'
