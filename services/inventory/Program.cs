using DaprShop.Inventory;

InventoryService.Create(args).Run();
