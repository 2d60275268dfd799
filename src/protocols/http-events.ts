import { type MessageEvent } from '../decode/message.ts'
import { PacketEvent } from '../decode/packet-event.ts'
import { type Conversation } from '../decode/reassembly.ts'
import { l7 } from '../decode/record.ts'
import { type StreamSide } from '../decode/stream.ts'
import { decodeHttp, type HttpRequest, type HttpResponse } from './http.ts'
import { nextHead } from './http-body.ts'
import { type Emit, type Protocol } from './protocol.ts'

/** The head of a request; and once more with the head of its response. */
export class HttpEvent extends PacketEvent<'http'> {
  declare readonly action: 'http-request' | 'http-response'
  declare readonly request: HttpRequest | undefined
  declare readonly response: HttpResponse | undefined

  constructor(
    event: MessageEvent,
    request: HttpRequest | undefined,
    response: HttpResponse | undefined,
  ) {
    super('http', event.packet)
    this.action = response === undefined ? 'http-request' : 'http-response'
    this.request = request
    this.response = response
  }
}

/** Requests of a connection that wait for their responses. */
const PIPELINE = 64

export const http: Protocol = {
  l7: [l7.L7_HTTP],
  open() {
    /** By the side that asks: the first of a capture may not be the client. */
    const pipelines = new WeakMap<StreamSide, HttpRequest[]>()

    function pipelineOf(side: StreamSide): HttpRequest[] {
      const known = pipelines.get(side)
      if (known !== undefined) return known
      const made: HttpRequest[] = []
      pipelines.set(side, made)
      return made
    }

    /** Tells the heads of a side from where it was left; one that is `over` may be cut. */
    function read(
      conversation: Conversation,
      side: StreamSide,
      event: MessageEvent,
      over: boolean,
      emit: Emit,
    ): void {
      const { bytes } = side
      const asked = pipelineOf(otherSide(conversation, side))
      while (side.taken >= 0 && side.taken < bytes.length) {
        const head = decodeHttp(bytes, side.taken, bytes.length)
        if (head === undefined || (head.cut && !over)) return
        side.taken = nextHead(head, bytes, bytes.length, asked[0]?.method)
        tell(head.kind === 'request' ? pipelineOf(side) : asked, head, event, emit)
      }
    }

    return {
      grown(conversation, event, _began, emit) {
        const { client, server } = conversation
        const { fromResponder } = event.packet
        // A server answers a whole request: what is missing of it will not be seen.
        if (fromResponder && client.first !== undefined) {
          read(conversation, client, client.first, true, emit)
        }
        read(conversation, fromResponder ? server : client, event, false, emit)
        return false
      },
      over(conversation, emit) {
        for (const side of [conversation.client, conversation.server]) {
          if (side.first !== undefined) read(conversation, side, side.first, true, emit)
        }
      },
    }
  },
}

function otherSide({ client, server }: Conversation, side: StreamSide): StreamSide {
  return side === client ? server : client
}

function tell(
  pipeline: HttpRequest[],
  head: HttpRequest | HttpResponse,
  event: MessageEvent,
  emit: Emit,
): void {
  if (head.kind === 'request') {
    if (pipeline.length >= PIPELINE) pipeline.shift()
    pipeline.push(head)
    emit(new HttpEvent(event, head, undefined))
    return
  }
  // RFC 9110 15.2: an interim response comes before the final one to the same request.
  const interim = head.status >= 100 && head.status < 200 && head.status !== 101
  const request = interim ? pipeline[0] : pipeline.shift()
  emit(new HttpEvent(event, request, head))
}
