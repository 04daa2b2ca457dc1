// What requests about consumers may hold, as JSON.
import type { HonoRequest } from 'hono'
import * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'
import { chooseSchools } from '../auth/choose-schools.ts'
import { checkSettings, type WrittenSettings } from '../auth/client-settings.ts'
import { parseExpiry } from '../auth/expiry.ts'
import type { Context } from '../context.ts'

/** Each field is checked as where consumers are made, so that faults of shape and of content come together. */
export function consumerSchemas({ sql, now }: Pick<Context, 'sql' | 'now'>) {
  const words = z.array(z.string())
  const checked = <T>(field: keyof WrittenSettings) =>
    z.superRefine<T>((value, { addIssue }) => {
      const result = checkSettings({ [field]: value }, now())
      for (const message of result.ok ? [] : result.messages) addIssue(message)
    })
  const settings = {
    name: z.string().check(checked('name')),
    scopes: words.check(checked('scopes')),
    withheld: words.check(checked('withheld')),
    switches: words.check(checked('switches')),
    requestsPerMinute: z.nullable(z.number()).check(checked('requestsPerMinute')),
    expiresAt: z.pipe(z.nullable(z.string()), EXPIRES_MS).check(checked('expiresMs')),
  }
  const schools = z.nullable(words)
  const chosenSchools = schools.check(
    z.superRefine((value, { addIssue }) => {
      const chosen = value === null ? ({ ok: true } as const) : chooseSchools(value, sql)
      for (const message of chosen.ok ? [] : chosen.messages) addIssue(message)
    }),
  )
  const added = z.pipe(
    z.strictObject({
      ...z.partial(z.object(settings)).shape,
      name: settings.name,
      schools: z.optional(chosenSchools),
    }),
    z.transform(renameExpiry),
  )
  const changed = z.pipe(z.partial(z.strictObject({ ...settings, schools })), z.transform(renameExpiry))
  const rotation = z.partial(z.strictObject({ overlapSeconds: z.number() }))
  return { added, changed, rotation }
}

const EXPIRES_MS = z.transform<string | null, number | null>((text, { issues }) => {
  if (text === null) return null
  const ms = parseExpiry(text)
  if (ms !== undefined) return ms
  const message = 'expiresAt is neither a day such as 2027-06-30 nor an instant such as 2027-06-30T12:00:00Z.'
  issues.push({ code: 'custom', input: text, message })
  return z.NEVER
})

function renameExpiry<T extends { readonly expiresAt?: number | null | undefined }>({ expiresAt, ...rest }: T) {
  return { ...rest, expiresMs: expiresAt }
}

/** The library's messages in English; `zod/mini` has none of its own. */
const { localeError } = en()

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly messages: readonly string[] }

/** Refuses what is not JSON, and every fault that the schema finds. An empty body counts as `whenEmpty`. */
export async function readBody<T>(request: HonoRequest, schema: z.ZodMiniType<T>, whenEmpty = ''): Promise<Read<T>> {
  const text = await request.text()
  let body: unknown
  try {
    body = JSON.parse(text.trim() === '' ? whenEmpty : text)
  } catch {
    return { ok: false, messages: ['The body is not JSON.'] }
  }
  const parsed = schema.safeParse(body, { error: localeError })
  if (parsed.success) return { ok: true, value: parsed.data }
  return { ok: false, messages: parsed.error.issues.map(describe) }
}

/** What the bridge's own checks say is whole; what zod says needs its place. */
function describe({ code, path, message }: z.core.$ZodIssue): string {
  return code === 'custom' || path.length === 0 ? message : `${path.join('.')}: ${message}`
}
