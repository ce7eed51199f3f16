using DaprShop.Payment;

PaymentService.Create(args).Run();
