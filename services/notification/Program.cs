using DaprShop.Notification;

NotificationService.Create(args).Run();
