import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Engine, ProxySettings, sdk, ServedRequest } from '..'

export interface ProtectOptions extends ProxySettings {
  /** The span that gets the tags of a request. */
  span?: ((request: any) => sdk.Span | undefined) | undefined
}

/** What is protected as a whole: a server of node:http, node:https or node:http2. */
interface AnyServer {
  emit(event: any, ...args: any[]): boolean
  listen(...args: any[]): any
}

/**
 * Protects a server, or a request listener, of node:http, node:https or node:http2.
 *
 * Of a server, handshakes of websockets and streams of HTTP/2 are protected too, and it does not matter when its listeners
 * are added. It is returned. For a listener, the protected one is returned.
 *
 * A request is judged before the listener is called, its body up to the engine's `body_limit`; a client that leaves before the
 * end of its body is not served. What the listener writes is sent as it is, unless the request is refused: then the response is
 * the engine's, what is written is dropped, and callbacks are called all the same. A response that was begun is cut off.
 *
 * @param engine the engine of the process by default, see `defaultEngine`
 * @param options its proxies override those of the engine
 * @throws ArgumentError if an argument is none of these, or an option is invalid
 */
export function protect<Server extends AnyServer>(server: Server, engine?: Engine | null, options?: ProtectOptions): Server
export function protect(listener: RequestListener, engine?: Engine | null, options?: ProtectOptions): RequestListener
export function protect(
  listener: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  engine?: Engine | null,
  options?: ProtectOptions
): (request: Http2ServerRequest, response: Http2ServerResponse) => void

export type { IncomingMessage, ServerResponse }

interface Protected {
  /** The request as the engine knows it, if it is protected. */
  bartizan?: ServedRequest
  /** Refuses the request, as if a rule had. False if it is too late, because a response was begun. */
  blockRequest?(): boolean
}

declare module 'http' {
  interface IncomingMessage extends Protected {}
}
declare module 'http2' {
  interface Http2ServerRequest extends Protected {}
  interface ServerHttp2Stream extends Pick<Protected, 'bartizan'> {}
}
