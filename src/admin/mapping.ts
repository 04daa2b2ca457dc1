// The admin API's mapping: explanations of records, who reads which column, and the sheet to sign off. What answers is loaded
// when it is asked, with the mapping.
import { Hono } from 'hono'
import type { Context } from '../context.ts'
import type { Form } from '../store/records.ts'

interface MappingContext extends Pick<Context, 'sql'> {
  readonly explaining: NonNullable<Context['explaining']>
}

/** Routes below `/admin/mapping`; who may ask has been decided. The answers may hold personal data: nobody may keep them. */
export function adminMapping({ sql, explaining }: MappingContext, form: Form): Hono {
  const answers = async () => {
    const [{ mappingAnswers }, explained] = await Promise.all([import('./mapping-answers.ts'), explaining()])
    return mappingAnswers({ sql, ...explained, form })
  }
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.get('/explain/:name/:id', async (c) => (await answers()).explain(c))
  app.get('/rows/:column', async (c) => (await answers()).rows(c))
  app.get('/columns', async (c) => (await answers()).columns(c))
  app.get('/columns/:column', async (c) => (await answers()).column(c))
  app.get('/table', async (c) => (await answers()).table(c))
  return app
}
