using DaprShop.Ordering;

OrderingService.Create(args).Run();
