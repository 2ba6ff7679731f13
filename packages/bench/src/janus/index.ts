export { JanusClient, type JanusAnswer, type JanusNews } from './janus-client.ts'
export { SfuPeer, type PeerOptions, type Received } from './sfu-peer.ts'
