import type { Sfu } from '@parley/contracts'
import { RTCPeerConnection, useOPUS, useVP8 } from 'werift'
import type { Clip } from './clips.ts'
import { JanusSocket } from './janus-socket.ts'
import { Player } from './player.ts'

/** Somebody who publishes a microphone and a camera into the SFU, by the gateway, without a browser. */
export class Publisher {
  readonly mic: Player
  readonly cam: Player
  readonly #socket: JanusSocket
  readonly #peer: RTCPeerConnection

  private constructor(socket: JanusSocket, peer: RTCPeerConnection, { mic, cam }: { mic: Player; cam: Player }) {
    this.#socket = socket
    this.#peer = peer
    this.mic = mic
    this.cam = cam
  }

  static async publish(sfu: Sfu, accessToken: string, clips: { mic: Clip; cam: Clip }): Promise<Publisher> {
    const socket = await JanusSocket.open(sfu.url, accessToken, sfu.token)
    const handle = await socket.attach()
    await socket.ask(handle, {
      request: 'join',
      ptype: 'publisher',
      room: sfu.room,
      id: sfu.feed,
      token: sfu.roomToken,
    })
    const peer = new RTCPeerConnection({ codecs: { audio: [useOPUS()], video: [useVP8()] } })
    const players = { mic: new Player('audio', clips.mic), cam: new Player('video', clips.cam) }
    for (const { track } of [players.mic, players.cam]) peer.addTransceiver(track, { direction: 'sendonly' })
    await peer.setLocalDescription(await peer.createOffer())
    const { type, sdp } = peer.localDescription ?? {}
    const descriptions = ['mic', 'cam'].map((description, mid) => ({ mid: String(mid), description }))
    const answer = await socket.ask(handle, { request: 'publish', descriptions }, { type, sdp })
    await peer.setRemoteDescription(answer['jsep'] as { type: 'answer'; sdp: string })
    return new Publisher(socket, peer, players)
  }

  async close(): Promise<void> {
    this.mic.stop()
    this.cam.stop()
    this.#socket.close()
    await this.#peer.close()
  }
}
