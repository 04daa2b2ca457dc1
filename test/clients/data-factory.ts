// Microsoft's Data Factory pipeline: credentials in the body of the token request, pages driven by x-total-count.
import { type Entity, recordsOf } from './read.ts'
import { bearer, fetchToken } from './tokens.ts'
import type { Wire } from './wire.ts'

/** Every page of each list; the token is fetched once for each, as the pipeline's activities do, and all run at once. */
export async function runPipeline(
  wire: Wire,
  lists: readonly string[],
  limit: number,
): Promise<Readonly<Record<string, readonly Entity[]>>> {
  const copied = lists.map(async (list) => {
    const token = await fetchToken(wire, { form: 'body' })
    const rows: Entity[] = []
    let offset = 0
    let total = 0
    do {
      const address = `${wire.publicUrl}/ims/oneroster/v1p1/${list}?limit=${limit}&offset=${offset}`
      const answer = await wire.send(address, { headers: bearer(token) })
      rows.push(...recordsOf(answer, list))
      // The pipeline reads the name in lower case, as HTTP/2 has it.
      total = Number(answer.headers['x-total-count'])
      offset += limit
    } while (offset < total)
    return [list, rows] as const
  })
  return Object.fromEntries(await Promise.all(copied))
}
