import type { FastifyRequest } from "fastify";
import { errors, jwtVerify } from "jose";
import { Problem } from "./problem";
import type { SigningKeys } from "./signing-keys";

const issuer = "daprshop";

/** Who is signed in. */
export interface User {
  readonly memberId: string;
  readonly isStaff: boolean;
}

/** Bearer tokens of the members service, checked against its published keys; see contracts/internal-api.md for the claims. */
export class Auth {
  constructor(private readonly keys: SigningKeys) {}

  /** The signed-in user; a 401 when there is none. */
  async user(request: FastifyRequest): Promise<User> {
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) throw unauthorized("Bearer");
    try {
      return await this.verify(token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey && this.keys.refresh()) return await this.user(request);
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw unauthorized('Bearer error="invalid_token"');
      throw error;
    }
  }

  /** The signed-in user of the staff; a 403 for others. */
  async staff(request: FastifyRequest): Promise<User> {
    const user = await this.user(request);
    if (!user.isStaff) throw new Problem(403);
    return user;
  }

  private async verify(token: string): Promise<User> {
    const { payload } = await jwtVerify(token, await this.keys.get(), {
      issuer,
      audience: issuer,
      algorithms: ["ES256", "RS256"],
      requiredClaims: ["sub", "exp"],
      clockTolerance: 5,
    });
    return { memberId: payload.sub!, isStaff: [payload["role"]].flat().includes("staff") };
  }
}

const unauthorized = (challenge: string): Problem => new Problem(401, undefined, undefined, { "www-authenticate": challenge });
