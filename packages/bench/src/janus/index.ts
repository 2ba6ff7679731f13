export { JanusClient } from './janus-client.ts'
export { SfuPeer, type PeerOptions } from './sfu-peer.ts'
