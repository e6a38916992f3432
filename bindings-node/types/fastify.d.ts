import type { FastifyPluginCallback } from 'fastify'
import type { Engine, ServedRequest } from '..'
import type { ProtectOptions } from './http'

declare namespace bartizan {
  interface BartizanOptions extends ProtectOptions {
    /** The engine of the process by default, see `defaultEngine`. */
    engine?: Engine | null | undefined
  }
}

/**
 * The plugin that protects an application of Fastify 4 or 5, with handshakes of websockets: `app.register(bartizan)`. It
 * comes before other plugins, and concerns the whole application. Parameters of the path and `request.user` are reported too.
 */
declare const bartizan: FastifyPluginCallback<bartizan.BartizanOptions> & {
  bartizan: FastifyPluginCallback<bartizan.BartizanOptions>
  default: FastifyPluginCallback<bartizan.BartizanOptions>
}

export = bartizan

declare module 'fastify' {
  interface FastifyRequest {
    /** The request as the engine knows it. */
    bartizan: ServedRequest
  }
}
