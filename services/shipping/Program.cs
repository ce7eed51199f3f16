using DaprShop.Shipping;

ShippingService.Create(args).Run();
