// The discovery documents (v1.2): what each service publishes of itself, made from the tables that serve it.
import { publicPath, RESPONSES, reading, SECURITY_SCHEME, STATUS_INFO, scopesOf, tagOf } from './discovery-paths.ts'
import { capitalised, schemasFor, wrapperName } from './discovery-schemas.ts'
import { operationsOf } from './operations.ts'
import { type Scope, scopeUrl } from './scopes.ts'
import type { Part, Service } from './services.ts'

/** The official file names, and those that some consumers ask for. */
const FILES: Readonly<Record<Part, readonly string[]>> = {
  rostering: ['onerosterv1p2rostersservice_openapi3_v1p0.json', 'imsorv1p2_rostering_openapi3_v1p0.json'],
  gradebook: ['onerosterv1p2gradebookservice_openapi3_v1p0.json', 'imsorv1p2_gradebook_openapi3_v1p0.json'],
  resources: ['onerosterv1p2resourcesservice_openapi3_v1p0.json', 'imsorv1p2_resources_openapi3_v1p0.json'],
}

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
        [SECURITY_SCHEME]: {
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
