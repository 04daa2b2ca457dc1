// The discovery documents (v1.2): what each service publishes of itself, made from the tables that serve it.
import { capitalised, schemasFor, wrapperName } from './discovery-schemas.ts'
import { type Json, ref, STRING, schemaRef } from './openapi.ts'
import { type Operation, operationsOf } from './operations.ts'
import { type Scope, scopeUrl } from './scopes.ts'
import type { Part, Service } from './services.ts'

/** The official file names, and those that some consumers ask for. */
const FILES: Readonly<Record<Part, readonly string[]>> = {
  rostering: ['onerosterv1p2rostersservice_openapi3_v1p0.json', 'imsorv1p2_rostering_openapi3_v1p0.json'],
  gradebook: ['onerosterv1p2gradebookservice_openapi3_v1p0.json', 'imsorv1p2_gradebook_openapi3_v1p0.json'],
  resources: ['onerosterv1p2resourcesservice_openapi3_v1p0.json', 'imsorv1p2_resources_openapi3_v1p0.json'],
}

const SECURITY = 'OAuth2CC'
const STATUS_INFO = 'imsx_StatusInfoDType'

/** Whether a raw path below the service's base names its discovery document; v1.1 has none. */
export function isDiscovery({ version, parts }: Service, path: string): boolean {
  if (version === 'v1p1') return false
  const [folder, file, ...more] = path.split('/').filter((segment) => segment !== '')
  if (folder?.toLowerCase() !== 'discovery' || file === undefined || more.length > 0) return false
  return parts.some((part) => FILES[part].includes(file.toLowerCase()))
}

/** The document of a v1.2 service (OpenAPI 3.0.0); `publicUrl` has no slash at its end. */
export function discoveryDocument(service: Service, publicUrl: string): object {
  const operations = operationsOf(service).filter(({ isWriteOnly }) => !isWriteOnly)
  const [part = 'rostering'] = service.parts
  const wrappers = operations.map(({ entity, isSingle }) => wrapperName(entity, isSingle))
  const scopes = new Set(operations.flatMap(scopesOf))
  return {
    openapi: '3.0.0',
    info: {
      title: `OneRoster ${capitalised(part)}`,
      version: '1.2',
      description: `The ${part} operations of OneRoster 1.2 that can be read here.`,
    },
    servers: [{ url: `${publicUrl}${service.base}`, description: 'Where this service answers.' }],
    tags: [...new Set(operations.map(tagOf))].map((name) => ({ name })),
    paths: Object.fromEntries(
      operations.map((operation) => [`/${publicPath(operation)}`, { get: reading(operation) }]),
    ),
    components: {
      securitySchemes: {
        [SECURITY]: {
          type: 'oauth2',
          description: 'OAuth 2.0 client credentials. Any one of the scopes that an operation names opens it.',
          flows: {
            clientCredentials: {
              tokenUrl: `${publicUrl}/oauth/token`,
              scopes: Object.fromEntries([...scopes].map((scope) => [scopeUrl(scope, 'v1p2'), SCOPES[scope]])),
            },
          },
        },
      },
      responses: RESPONSES,
      schemas: schemasFor(part, [...wrappers, STATUS_INFO]),
    },
  }
}

/** The document as it is sent. Kept for each service, as the public address hardly ever changes. */
export function discoveryText(service: Service, publicUrl: string): string {
  const known = WRITTEN.get(service)
  if (known?.publicUrl === publicUrl) return known.text
  const text = JSON.stringify(discoveryDocument(service, publicUrl))
  WRITTEN.set(service, { publicUrl, text })
  return text
}

const WRITTEN = new Map<Service, { readonly publicUrl: string; readonly text: string }>()

const SCOPES: Readonly<Record<Scope, string>> = {
  'roster-core': 'Reads whole collections and single objects of the roster, but no demographics.',
  roster: 'Reads everything of the roster but demographics.',
  'roster-demographics': 'Reads demographics.',
  'resource-core': 'Reads all resources and single ones.',
  resource: 'Reads everything of the resources service.',
  'gradebook-core': 'Reads whole collections and single objects of the gradebook, but no assessments.',
  gradebook: 'Reads everything of the gradebook but assessments.',
  assessment: 'Reads assessments and their results.',
}

/** The scope that covers a `-core` one. */
const WHOLE: Readonly<Partial<Record<Scope, Scope>>> = {
  'roster-core': 'roster',
  'resource-core': 'resource',
  'gradebook-core': 'gradebook',
}

function scopesOf({ scope }: Operation): readonly Scope[] {
  const whole = WHOLE[scope]
  return whole === undefined ? [scope] : [whole, scope]
}

/** With the parameters' names of the standard: `{id}` is its `{sourcedId}`, `{classId}` its `{classSourcedId}`. */
function publicPath({ path }: Operation): string {
  return path
    .replaceAll('{id}', '{sourcedId}')
    .replaceAll('Id}', 'SourcedId}')
    .replaceAll('{sourcedSourcedId}', '{sourcedId}')
}

function tagOf({ path }: Operation): string {
  const [first = ''] = path.split('/')
  return `${capitalised(first)}Management`
}

function reading(operation: Operation): Json {
  const { name, entity, isSingle, part, parents } = operation
  const parameters = [...publicPath(operation).matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({
    name: parameter,
    in: 'path',
    required: true,
    description: `The sourcedId of the ${parameter === 'sourcedId' ? 'object' : parameter.replace('SourcedId', '')}.`,
    schema: STRING,
    style: 'simple',
  }))
  const content = { 'application/json': { schema: schemaRef(wrapperName(entity, isSingle)) } }
  // Facts 1.6 to 1.8: lists of rostering know no 404, nor do the whole collections of the gradebook.
  const has404 = isSingle || part === 'resources' || (part === 'gradebook' && parents.length > 0)
  const errors = Object.keys(RESPONSES).filter((status) => status !== '404' || has404)
  return {
    operationId: name,
    summary: summaryOf(operation),
    tags: [tagOf(operation)],
    parameters: [...parameters, ...(isSingle ? [FIELDS] : [...PAGING, FIELDS])],
    security: [{ [SECURITY]: scopesOf(operation).map((scope) => scopeUrl(scope, 'v1p2')) }],
    responses: {
      200: isSingle
        ? { description: 'The object.', content }
        : { description: 'A page of the collection.', headers: LIST_HEADERS, content },
      ...Object.fromEntries(errors.map((status) => [status, ref(`responses/${status}`)])),
    },
  }
}

function summaryOf({ path, isSingle }: Operation): string {
  const [what = '', ...above] = path
    .split('/')
    .filter((segment) => !segment.startsWith('{'))
    .reverse()
    .map((word) => word.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
  if (isSingle) return `One of the ${what}, by its sourcedId.`
  return above.length === 0
    ? `All ${what}.`
    : `The ${what} of ${above.map((word) => `one of the ${word}`).join(' of ')}.`
}

const query = (name: string, schema: Json, description: string): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
  style: 'form',
  explode: true,
  allowEmptyValue: false,
})

const PAGING: readonly Json[] = [
  query(
    'limit',
    { type: 'integer', format: 'int32', default: 100, minimum: 1 },
    'How many records a page holds at most. One above the maximum of this service is refused, never lowered.',
  ),
  query(
    'offset',
    { type: 'integer', format: 'int32', default: 0, minimum: 0 },
    'How many records of the list come before the page.',
  ),
  query('sort', STRING, 'The field by which the list is ordered; sourcedId without it.'),
  query('orderBy', { type: 'string', enum: ['asc', 'desc'] }, 'Rising or falling; rising without it.'),
  query('filter', STRING, "Which records the list holds, as in: familyName~'son' AND status='active'"),
]

const FIELDS = query(
  'fields',
  { type: 'array', items: STRING },
  'The fields that each record shall hold and no other; separated by commas, or one to a parameter.',
)

const LIST_HEADERS: Json = {
  'X-Total-Count': {
    description: 'How many records the whole list holds, on all pages together.',
    schema: { type: 'integer' },
  },
  Link: {
    description: 'The addresses of the first, prev, next and last page (RFC 8288), as far as there are such.',
    schema: STRING,
  },
}

const failure = (description: string): Json => ({
  description,
  content: { 'application/json': { schema: schemaRef(STATUS_INFO) } },
})

const RESPONSES: Json = {
  400: failure('A parameter cannot be used: invaliddata, invalid_filter_field or invalid_selection_field.'),
  401: failure('No credentials that hold: unauthorisedrequest.'),
  403: failure('The credentials do not open this: forbidden.'),
  404: failure('There is no such object: unknownobject.'),
  422: failure('A body that can be read but not used: invaliddata.'),
  429: failure('Too many requests: server_busy. Retry-After tells when to ask again.'),
  500: failure('The service failed: internal_server_error.'),
  default: failure('Any other failure, such as 503 server_busy until there is something to read.'),
}
