// Takes the bodies that make or change a profile.
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Read } from './body.ts'
import { faulty, fromSettings } from './host-answers.ts'

/** Ten layers of 100 KB. */
const MAX_BODY_BYTES = 1_048_576

export const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => faulty(c, [`The body is longer than ${MAX_BODY_BYTES} bytes.`], 413),
})

export interface BodyTaker {
  readonly take: (body: unknown) => Promise<Read<undefined>>
  readonly accepted: () => Response | Promise<Response>
  /** What of the body is not to be said here. */
  readonly foreign?: ((body: unknown) => readonly string[]) | undefined
}

export async function takeBody(c: Context, { take, accepted, foreign }: BodyTaker): Promise<Response> {
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch {
    return faulty(c, ['The body is not JSON.'])
  }
  const fixed = foreign?.(body) ?? []
  if (fixed.length > 0) return fromSettings(c, ...fixed)
  const taken = await take(body)
  return taken.ok ? accepted() : faulty(c, taken.messages)
}

/** What only the environment says of its profile. */
export function foreignToDefault(body: unknown): readonly string[] {
  if (typeof body !== 'object' || body === null) return []
  const names = Object.keys(body).filter((name) => name !== 'mapping' && name !== 'settings')
  if (names.length === 0) return []
  return [
    `The environment's settings say ${names.map((name) => `\`${name}\``).join(', ')} of this profile. Change them there and start anew; \`mapping\` and \`settings\` can be changed here.`,
  ]
}
