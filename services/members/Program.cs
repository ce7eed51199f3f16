using DaprShop.Members;

MembersService.Create(args).Run();
