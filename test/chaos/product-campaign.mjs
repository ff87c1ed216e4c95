export class ProductCampaign {}
