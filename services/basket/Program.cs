using DaprShop.Basket;

BasketService.Create(args).Run();
