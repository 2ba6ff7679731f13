import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { HttpServer } from '@parley/kit'
import { createAsyncApi } from './asyncapi.ts'
import { createOpenApi } from './openapi.ts'
import { realtimePage } from './realtime-page.ts'

/** `/docs` (Swagger UI) and `/docs/realtime` (the messages of the WebSocket), `/docs/json` and `/openapi.json`, `/asyncapi.json`. */
export async function serveDocuments(app: HttpServer, version: string): Promise<void> {
  const openApi = await createOpenApi(version)
  const asyncApi = createAsyncApi(version)
  await app.register(async (scope) => {
    await scope.register(swagger, { mode: 'static', specification: { document: openApi as never } })
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { deepLinking: true, persistAuthorization: false },
    })
  })
  const realtime = realtimePage()
  app.get('/docs/realtime', async (_request, reply) => reply.type('text/html; charset=utf-8').send(realtime))
  app.get('/openapi.json', async () => openApi)
  app.get('/asyncapi.json', async () => asyncApi)
}
