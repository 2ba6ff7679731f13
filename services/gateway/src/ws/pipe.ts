import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CloseReason } from '@parley/contracts'
import type { Instance } from '@parley/kit'
import { FrameFollower } from './frame-follower.ts'
import { closeFrame } from './frames.ts'

const keepAliveMs = 30_000
/** How long the node may go on after the client has said that it is done. */
const halfOpenMs = 5_000
/** How long a client may take to read its close frame and to go. */
const farewellMs = 2_000
/** The same for one that never said who it is: its place is wanted by others (S15). */
const strangerFarewellMs = 150

export interface PipeEnds {
  client: Duplex
  /** The socket to the node, and which one that is. */
  upstream: Duplex
  node: Instance
  /** A socket without a token has until then (by the monotonic clock) to say who it is; the node closes it if it does not. */
  strangerUntil?: number
}

/**
 * Two raw sockets joined until both have ended. A slow reader slows the other side down, for nothing is kept here
 * beyond the buffers of the two sockets. Bytes pass as they are; only the headers of the node's frames are followed. So the gateway can say
 * something of its own between two of them. A client gets a close frame whenever one can be sent.
 */
export class Pipe {
  readonly node: Instance
  /** Resolves when both sockets are closed, whatever way. */
  readonly ended: Promise<void>
  readonly #client: Duplex
  readonly #upstream: Duplex
  readonly #strangerUntil: number
  readonly #frames = new FrameFollower()
  /** A message of ours that waits for the end of the node's present one. */
  #notice: Buffer | null = null
  #farewell: Buffer | null = null
  /** Our close frame has been written: nothing of the node may follow it. */
  #farewellSaid = false
  #timer: NodeJS.Timeout | undefined

  constructor({ client, upstream, node, strangerUntil = 0 }: PipeEnds) {
    this.node = node
    this.#strangerUntil = strangerUntil
    this.#client = client
    this.#upstream = upstream
    for (const socket of [client, upstream]) {
      if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, keepAliveMs)
    }
    this.ended = Promise.all([closing(client), closing(upstream)]).then(() => clearTimeout(this.#timer))
    this.#listen()
  }

  /** Bytes that the gateway holds for this pipe at this moment. */
  get buffered(): number {
    const { writableLength, readableLength } = this.#client
    return writableLength + readableLength + this.#upstream.writableLength + this.#upstream.readableLength
  }

  /** Passes on what came with the heads of the handshake: those bytes were read from the sockets already. */
  begin(fromClient: Buffer, fromNode: Buffer): void {
    if (fromNode.length > 0) this.#forward(fromNode)
    if (fromClient.length > 0) this.#upstream.write(fromClient)
  }

  /** Puts a text frame between two messages of the node. */
  tell(frame: Buffer): void {
    this.#notice = frame
    this.#insert()
  }

  /** Ends it with a close frame as soon as the node's present frame is through; cuts it when the client is not gone then. */
  close(reason: CloseReason): void {
    if (this.#farewell !== null || this.#frames.closed) return
    this.#farewell = closeFrame(reason)
    this.#destroyAfter(farewellMs)
    this.#insert()
  }

  /** Ends it because its node is dead: the rest of a frame that is half through will never come. */
  abandon(): void {
    this.#upstream.destroy()
    this.#nodeEnded()
  }

  #listen(): void {
    const client = this.#client
    const upstream = this.#upstream
    client.pipe(upstream, { end: false })
    client.once('end', () => {
      if (upstream.writable) upstream.end()
      this.#destroyAfter(halfOpenMs)
    })
    client.on('error', () => client.destroy())
    client.once('close', () => upstream.destroy())
    client.on('drain', () => upstream.resume())
    upstream.on('data', (chunk: Buffer) => this.#forward(chunk))
    upstream.once('end', () => this.#nodeEnded())
    upstream.on('error', () => upstream.destroy())
    upstream.once('close', () => this.#nodeEnded())
  }

  #forward(chunk: Buffer): void {
    let at = 0
    while (this.#waits() && at < chunk.length) {
      const until = this.#frames.follow(chunk, at, true)
      this.#write(chunk.subarray(at, until))
      at = until
      this.#insert()
    }
    if (this.#farewellSaid) return
    this.#frames.follow(chunk, at)
    if (at < chunk.length) this.#write(at === 0 ? chunk : chunk.subarray(at))
    if (this.#frames.closed)
      this.#destroyAfter(performance.now() < this.#strangerUntil ? strangerFarewellMs : farewellMs)
  }

  /** Something of ours waits for its place. */
  #waits(): boolean {
    return !this.#farewellSaid && (this.#notice !== null || this.#farewell !== null)
  }

  #insert(): void {
    if (this.#farewellSaid || !this.#client.writable) return
    if (this.#notice !== null && this.#frames.betweenMessages) {
      this.#write(this.#notice)
      this.#notice = null
    }
    if (this.#farewell === null || !this.#frames.betweenFrames) return
    this.#farewellSaid = true
    this.#client.end(this.#farewell)
    // The client's last frames, its close frame above all, go to the node; what the node says goes nowhere.
    this.#upstream.resume()
  }

  #write(bytes: Buffer): void {
    if (this.#client.writable && !this.#client.write(bytes)) this.#upstream.pause()
  }

  /** A node that went without a close frame is dead, or as good as dead: its clients go on elsewhere. */
  #nodeEnded(): void {
    this.#client.unpipe(this.#upstream).resume()
    if (this.#frames.closed || this.#client.readableEnded) this.#client.end()
    else this.close('serverGoingAway')
    if (!this.#farewellSaid) this.#client.end()
    this.#destroyAfter(farewellMs)
  }

  #destroyAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#client.destroy()
      this.#upstream.destroy()
    }, ms)
  }
}

const closing = (socket: Duplex): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve))
