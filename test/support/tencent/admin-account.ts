export interface StandInSignature {
  readonly SignId: number;
  readonly International: number;
  readonly SignName: string;
  readonly QualificationId: number;
  QualificationStatusCode: number;
  StatusCode: number;
  ReviewReply: string;
  readonly CreateTime: number;
}

export interface StandInTemplate {
  readonly TemplateId: number;
  readonly International: number;
  readonly TemplateName: string;
  readonly TemplateContent: string;
  readonly SmsType: number;
  StatusCode: number;
  ReviewReply: string;
  readonly CreateTime: number;
}

/** What an account has, to be looked at and changed by a test: the reviewer's part is played by it. */
export interface AdminAccount {
  readonly appId: string;
  readonly signatures: StandInSignature[];
  readonly templates: StandInTemplate[];
  readonly packages: object[];
  readonly qualifications: number[];
  statistics: { FeeCount: number; RequestCount: number; RequestSuccessCount: number };
  isEnterprise: boolean;
}

export function createAdminAccount(): AdminAccount {
  return {
    appId: "1400006666",
    signatures: [],
    templates: [],
    packages: [],
    qualifications: [1000001],
    statistics: { FeeCount: 0, RequestCount: 0, RequestSuccessCount: 0 },
    isEnterprise: true,
  };
}
