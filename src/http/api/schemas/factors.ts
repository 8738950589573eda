import { z } from "zod";
import { METHODS } from "../../../core/session/methods.ts";
import { UnaskedCaptcha } from "./challenges.ts";
import { boundedText, Code, DeviceToken, Password, Time } from "./fields.ts";

const Label = boundedText(256).meta({
  example: "My phone",
  description: "What its owner calls it: 1 to 64 characters without control or bidirectional ones.",
});

/** What a browser answered (WebAuthn level 3, section 5.1.8). */
const PasskeyAnswer = z
  .looseObject({ id: boundedText(2_048).meta({ description: "The passkey's id, base64url." }) })
  .meta({ description: "What `navigator.credentials` answered, by its `toJSON()`." });

/** What a person shows of one factor, one form a factor. */
const EVIDENCE = {
  sms: {
    verificationId: boundedText(64).meta({ description: "The `id` of a verification with `second_factor`." }),
    code: Code,
  },
  otp: {
    totp: boundedText(64).meta({ example: "492039", description: "The code of an authenticator app." }),
  },
  pop: { passkey: PasskeyAnswer },
  recovery: {
    recoveryCode: boundedText(64).meta({ description: "One of the recovery codes; it is used up." }),
  },
  pwd: { password: Password.meta({ description: "The password." }) },
};

export const StepUpBody = z.union(
  [
    z.strictObject(EVIDENCE.sms),
    z.strictObject(EVIDENCE.otp),
    z.strictObject(EVIDENCE.pop),
    z.strictObject(EVIDENCE.recovery),
    z.strictObject(EVIDENCE.pwd),
  ],
  { error: "must hold verificationId and code, totp, passkey, recoveryCode or password" },
);

const Challenged = {
  challenge: boundedText(4_096).meta({ description: "What `second_factor_required` came with." }),
  deviceToken: DeviceToken.optional(),
};

const Step = { ...Challenged, captcha: UnaskedCaptcha };

/** The second steps of a sign-in. */
export const SECOND_STEPS = [
  z.strictObject({ ...Step, ...EVIDENCE.sms }),
  z.strictObject({ ...Step, ...EVIDENCE.otp }),
  z.strictObject({ ...Step, ...EVIDENCE.pop }),
  z.strictObject({ ...Step, ...EVIDENCE.recovery }),
  z.strictObject({ ...Step, ...EVIDENCE.pwd }),
] as const;

export const PasskeyOptionsBody = z.strictObject(Challenged);

export const PasskeyOptions = z
  .looseObject({
    challenge: z.string().meta({ description: "Random, base64url; it is good once, for 5 minutes." }),
  })
  .meta({ id: "PasskeyOptions", description: "For `navigator.credentials`, as JSON." });

/** How an account is kept safe. */
export const PROTECTION = {
  loginProtection: z
    .enum(["off", "always", "new_devices"])
    .meta({ description: "When one factor does not open a session." }),
  factors: z
    .array(
      z.object({
        id: z.string().meta({ description: "What DELETE /v1/me/factors/{id} takes." }),
        kind: z.enum(["totp", "passkey"]).meta({ description: "An authenticator app, or a passkey." }),
        label: z.string().meta({ description: "What its owner calls it; may be empty." }),
        createdAt: Time.meta({ description: "When it was added." }),
        lastUsedAt: Time.optional().meta({ description: "When it was last used." }),
      }),
    )
    .meta({ description: "Those beside the phone and the password, oldest first." }),
  recoveryCodesLeft: z.int().meta({ description: "How many recovery codes are not used." }),
};

export const Factors = z
  .object({
    ...PROTECTION,
    methods: z
      .array(z.enum(METHODS))
      .meta({ description: "What raises this session, by its name in `amr`." }),
  })
  .meta({ id: "Factors" });

export const NewFactorBody = z.strictObject({ label: Label.optional() }).optional();

export const ProposedApp = z
  .object({
    id: z.string().meta({ description: "For its confirmation." }),
    secret: z.string().meta({ description: "Base32, for people who type it in." }),
    uri: z.string().meta({ description: "`otpauth://…`, for a QR code." }),
  })
  .meta({ id: "ProposedApp" });

export const FactorId = z.object({
  id: z.uuid("must be the id of a factor").meta({ description: "The factor's id." }),
});

export const ConfirmAppBody = z.strictObject({
  code: boundedText(64).meta({ example: "492039", description: "The app's code of now." }),
});

export const NewPasskeyBody = z.strictObject({ label: Label.optional(), passkey: PasskeyAnswer });

export const RecoveryCodes = z
  .object({ codes: z.array(z.string()).meta({ description: "Ten; they are shown this once." }) })
  .meta({ id: "RecoveryCodes" });

export const LoginProtectionBody = z.strictObject({
  when: z
    .enum(["always", "new_devices", "off"], { error: "must be always, new_devices or off" })
    .meta({ description: "When one factor does not open a session." }),
});
