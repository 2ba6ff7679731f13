import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { HttpServer } from '@parley/kit'
import { createAsyncApi } from './asyncapi.ts'
import { createOpenApi } from './openapi.ts'

/** `/docs` (Swagger UI), `/docs/json` and `/openapi.json`, `/asyncapi.json`. */
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
  app.get('/openapi.json', async () => openApi)
  app.get('/asyncapi.json', async () => asyncApi)
}
