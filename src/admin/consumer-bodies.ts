// What requests about consumers may hold, as JSON.
import type { HonoRequest } from 'hono'
import * as z from 'zod'
import { chooseSchools } from '../auth/choose-schools.ts'
import { checkSettings, type WrittenSettings } from '../auth/client-settings.ts'
import { parseExpiry } from '../auth/expiry.ts'
import type { Context } from '../context.ts'

/** Each field is checked as where consumers are made, so that faults of shape and of content come together. */
export function consumerSchemas({ sql, now }: Pick<Context, 'sql' | 'now'>) {
  const words = z.array(z.string())
  const checked = <T>(field: keyof WrittenSettings) => {
    return (value: T, { addIssue }: z.RefinementCtx<T>) => {
      const result = checkSettings({ [field]: value }, now())
      for (const message of result.ok ? [] : result.messages) addIssue(message)
    }
  }
  const settings = {
    name: z.string().superRefine(checked('name')),
    scopes: words.superRefine(checked('scopes')),
    withheld: words.superRefine(checked('withheld')),
    switches: words.superRefine(checked('switches')),
    requestsPerMinute: z.number().nullable().superRefine(checked('requestsPerMinute')),
    expiresAt: z.string().nullable().transform(toExpiresMs).superRefine(checked('expiresMs')),
  }
  const schools = words.nullable()
  const added = z
    .strictObject({
      ...z.object(settings).partial().shape,
      name: settings.name,
      schools: schools
        .superRefine((value, { addIssue }) => {
          const chosen = value === null ? ({ ok: true } as const) : chooseSchools(value, sql)
          for (const message of chosen.ok ? [] : chosen.messages) addIssue(message)
        })
        .optional(),
    })
    .transform(renameExpiry)
  const changed = z
    .strictObject({ ...settings, schools })
    .partial()
    .transform(renameExpiry)
  const rotation = z.strictObject({ overlapSeconds: z.number() }).partial()
  return { added, changed, rotation }
}

function toExpiresMs(text: string | null, { addIssue }: z.RefinementCtx): number | null {
  if (text === null) return null
  const ms = parseExpiry(text)
  if (ms !== undefined) return ms
  addIssue('expiresAt is neither a day such as 2027-06-30 nor an instant such as 2027-06-30T12:00:00Z.')
  return z.NEVER
}

function renameExpiry<T extends { readonly expiresAt?: number | null | undefined }>({ expiresAt, ...rest }: T) {
  return { ...rest, expiresMs: expiresAt }
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly messages: readonly string[] }

/** Refuses what is not JSON, and every fault that the schema finds. An empty body counts as `whenEmpty`. */
export async function readBody<T>(request: HonoRequest, schema: z.ZodType<T>, whenEmpty = ''): Promise<Read<T>> {
  const text = await request.text()
  let body: unknown
  try {
    body = JSON.parse(text.trim() === '' ? whenEmpty : text)
  } catch {
    return { ok: false, messages: ['The body is not JSON.'] }
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return { ok: true, value: parsed.data }
  return { ok: false, messages: parsed.error.issues.map(describe) }
}

/** What the bridge's own checks say is whole; what zod says needs its place. */
function describe({ code, path, message }: z.core.$ZodIssue): string {
  return code === 'custom' || path.length === 0 ? message : `${path.join('.')}: ${message}`
}
