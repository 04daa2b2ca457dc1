// What HTTP knows of sameness: entity tags, conditional requests, and which encodings a consumer takes.
import { shortDigest } from '../digest.ts'

/** A weak tag (RFC 9110 §8.8.3) of everything that decides an answer's content; equal exactly when all the parts are. */
export function entityTag(parts: readonly string[]): string {
  return `W/"${shortDigest(JSON.stringify(parts))}"`
}

/** Whether `If-None-Match` names the tag (§13.1.2, weak comparison), so that nothing needs to be sent. */
export function isUnchanged(request: Request, tag: string): boolean {
  const given = request.headers.get('if-none-match')
  if (given === null) return false
  const opaque = tag.replace(/^W\//, '')
  return given.trim() === '*' || [...given.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, known]) => known === opaque)
}

/** Whether `Accept-Encoding` takes gzip (§12.5.3): by name or by `*`, and not with `q=0`. */
export function acceptsGzip(request: Request): boolean {
  const weights = new Map<string, number>()
  for (const item of (request.headers.get('accept-encoding') ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim())
    const q = parameters
      .map((parameter) => /^q\s*=\s*([\d.]+)$/.exec(parameter)?.[1])
      .find((value) => value !== undefined)
    weights.set(coding, q === undefined ? 1 : Number(q))
  }
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0
}
