using DaprShop.Catalog;

CatalogService.Create(args).Run();
