using DaprShop.Web;

WebService.Create(args).Run();
