// What can be read of a body that is not right as a whole, so that all its faults are told at once.
import * as z from 'zod/mini'
import { isObject } from './body-merge.ts'

export interface Parts<V> {
  /** The values that are right by themselves. */
  readonly sound: Partial<V>
  /** The keys whose values are not. */
  readonly faulty: ReadonlySet<string>
}

export function partsOf<S extends z.core.$ZodShape>(
  { shape }: z.ZodMiniObject<S>,
  body: unknown,
): Parts<z.infer<z.ZodMiniObject<S>>> {
  const given = isObject(body) ? body : {}
  const faulty = new Set<string>()
  const sound: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(shape)) {
    const parsed = z.safeParse(schema, Object.hasOwn(given, name) ? given[name] : undefined)
    if (!parsed.success) faulty.add(name)
    else if (parsed.data !== undefined) sound[name] = parsed.data
  }
  // Each value is what the schema of its key has made of it.
  return { sound: sound as Partial<z.infer<z.ZodMiniObject<S>>>, faulty }
}
