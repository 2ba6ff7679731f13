export { definitions, runEmbedded } from './embedded.ts'
export { defaultsFor } from './defaults.ts'
export { parseOptions } from './options.ts'
export { seed } from './seed.ts'
