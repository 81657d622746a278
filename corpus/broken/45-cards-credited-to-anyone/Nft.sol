// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

error NotAllowed();

interface IERC721Receiver {
    function onERC721Received(address by, address from, uint256 id, bytes calldata data) external returns (bytes4);
}

contract Nft {
    string public constant name = "Cards";
    string public constant symbol = "CARD";
    address private immutable MINTER = msg.sender;

    mapping(uint256 id => address) private _owners;
    mapping(address account => uint256) public balanceOf;
    mapping(uint256 id => address) public getApproved;
    mapping(address account => mapping(address operator => bool)) public isApprovedForAll;

    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    function mint(address to, uint256 id) external {
        if (msg.sender != MINTER || to == address(0) || _owners[id] != address(0)) revert NotAllowed();
        _owners[id] = to;
        balanceOf[to] += 1;
        emit Transfer(address(0), to, id);
    }

    function ownerOf(uint256 id) public view returns (address owner) {
        owner = _owners[id];
        if (owner == address(0)) revert NotAllowed();
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x80ac58cd;
    }

    function approve(address to, uint256 id) external {
        address owner = ownerOf(id);
        if (msg.sender != owner && !isApprovedForAll[owner][msg.sender]) revert NotAllowed();
        getApproved[id] = to;
        emit Approval(owner, to, id);
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function transferFrom(address from, address to, uint256 id) public {
        if (ownerOf(id) != from || to == address(0)) revert NotAllowed();
        bool allowed = msg.sender == from || msg.sender == getApproved[id] || isApprovedForAll[from][msg.sender];
        if (!allowed) revert NotAllowed();
        delete getApproved[id];
        balanceOf[from] -= 1;
        balanceOf[to] += 1;
        _owners[id] = to;
        emit Transfer(from, to, id);
    }

    function safeTransferFrom(address from, address to, uint256 id) external {
        safeTransferFrom(from, to, id, "");
    }

    function safeTransferFrom(address from, address to, uint256 id, bytes memory data) public {
        transferFrom(from, to, id);
        if (to.code.length == 0) return;
        bytes4 answer = IERC721Receiver(to).onERC721Received(msg.sender, from, id, data);
        if (answer != 0x150b7a02) revert NotAllowed();
    }
}
