// The servers that `--with-media` runs, too: nothing here needs packages that are only for tests.
export { startCoturn, turnSettings, type RunningCoturn } from './coturn.ts'
export { janusSettings, makeJanusSecrets, startJanus, type JanusSecrets, type RunningJanus } from './janus.ts'
export { mediaAddress } from './media-address.ts'
export { makeSecret } from './media-server.ts'
